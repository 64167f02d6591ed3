import Bell from "@lucide/svelte/icons/bell"
import BookOpen from "@lucide/svelte/icons/book-open"
import ArrowDown from "@lucide/svelte/icons/arrow-down"
import ArrowUp from "@lucide/svelte/icons/arrow-up"
import Boxes from "@lucide/svelte/icons/boxes"
import Check from "@lucide/svelte/icons/check"
import ChevronDown from "@lucide/svelte/icons/chevron-down"
import ChevronRight from "@lucide/svelte/icons/chevron-right"
import CircleUser from "@lucide/svelte/icons/circle-user"
import Copy from "@lucide/svelte/icons/copy"
import CopyPlus from "@lucide/svelte/icons/copy-plus"
import Download from "@lucide/svelte/icons/download"
import Ellipsis from "@lucide/svelte/icons/ellipsis"
import EyeOff from "@lucide/svelte/icons/eye-off"
import GitBranch from "@lucide/svelte/icons/git-branch"
import Globe from "@lucide/svelte/icons/globe"
import GripVertical from "@lucide/svelte/icons/grip-vertical"
import Hexagon from "@lucide/svelte/icons/hexagon"
import Info from "@lucide/svelte/icons/info"
import KeyRound from "@lucide/svelte/icons/key-round"
import Layers from "@lucide/svelte/icons/layers"
import LayoutDashboard from "@lucide/svelte/icons/layout-dashboard"
import Link from "@lucide/svelte/icons/link"
import Lock from "@lucide/svelte/icons/lock"
import LockOpen from "@lucide/svelte/icons/lock-open"
import LogOut from "@lucide/svelte/icons/log-out"
import Maximize from "@lucide/svelte/icons/maximize"
import Minus from "@lucide/svelte/icons/minus"
import Monitor from "@lucide/svelte/icons/monitor"
import Moon from "@lucide/svelte/icons/moon"
import PanelLeft from "@lucide/svelte/icons/panel-left"
import Plus from "@lucide/svelte/icons/plus"
import RefreshCw from "@lucide/svelte/icons/refresh-cw"
import Route from "@lucide/svelte/icons/route"
import Scale from "@lucide/svelte/icons/scale"
import Search from "@lucide/svelte/icons/search"
import Server from "@lucide/svelte/icons/server"
import Settings from "@lucide/svelte/icons/settings-2"
import Split from "@lucide/svelte/icons/split"
import SquareArrowOutUpRight from "@lucide/svelte/icons/square-arrow-out-up-right"
import ShieldCheck from "@lucide/svelte/icons/shield-check"
import Sun from "@lucide/svelte/icons/sun"
import Trash from "@lucide/svelte/icons/trash-2"
import Unplug from "@lucide/svelte/icons/unplug"
import Users from "@lucide/svelte/icons/users"
import Waypoints from "@lucide/svelte/icons/waypoints"
import X from "@lucide/svelte/icons/x"
import Zap from "@lucide/svelte/icons/zap"

export const icons = {
  bell: Bell,
  book: BookOpen,
  boxes: Boxes,
  check: Check,
  down: ChevronDown,
  right: ChevronRight,
  user: CircleUser,
  copy: Copy,
  download: Download,
  dots: Ellipsis,
  "eye-off": EyeOff,
  globe: Globe,
  changes: GitBranch,
  service: Hexagon,
  info: Info,
  key: KeyRound,
  workload: Layers,
  overview: LayoutDashboard,
  link: Link,
  lock: Lock,
  unlock: LockOpen,
  "sign-out": LogOut,
  fit: Maximize,
  minus: Minus,
  monitor: Monitor,
  moon: Moon,
  rail: PanelLeft,
  plus: Plus,
  refresh: RefreshCw,
  search: Search,
  cluster: Server,
  settings: Settings,
  open: SquareArrowOutUpRight,
  validation: ShieldCheck,
  sun: Sun,
  trash: Trash,
  users: Users,
  topology: Waypoints,
  x: X,
  up: ArrowUp,
  "down-arrow": ArrowDown,
  grip: GripVertical,
  shift: Split,
  mirror: CopyPlus,
  routing: Route,
  balance: Scale,
  breaker: Unplug,
  fault: Zap,
} as const
export type IconName = keyof typeof icons
