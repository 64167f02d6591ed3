import { writeFileSync } from "node:fs"
import { pageFile, validationPage } from "./validation-page.ts"

writeFileSync(pageFile, await validationPage())
