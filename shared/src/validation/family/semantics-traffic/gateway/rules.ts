import { type Rule, rule } from "../../../rule.ts"
import { refused } from "../say.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/gateway/"

const invalid = (part: string, title: string, remedy: string): Rule =>
  rule({
    code: `gateway.${part}_invalid`,
    aliases: ["IST0106"],
    level: "error",
    title,
    effect: refused,
    remedy,
    source,
  })

export const name = invalid(
  "name",
  "The name of a Gateway is not valid",
  "Name it as a DNS label, without dots",
)
export const servers = invalid(
  "servers",
  "A Gateway has no servers, or servers that cannot be told apart",
  "Give the Gateway at least one server, and the ports names of their own",
)
export const hosts = invalid(
  "hosts",
  "Hosts of a server are not valid",
  "Write full names, *.domain or *, each with a namespace and a slash before it where needed",
)
export const port = invalid(
  "port",
  "The port of a server is not valid",
  "Give the port a name, a number from 1 to 65535 and a protocol that Istio knows",
)
export const bind = invalid(
  "bind",
  "The bind address of a server is not valid",
  "Bind to an IP address, or to unix:// with an absolute path and no port number",
)
export const tls = invalid(
  "tls",
  "TLS settings and the protocol of a server do not go together",
  "Give HTTPS and TLS servers tls settings, and others none but a redirect to HTTPS",
)
export const certificates = invalid(
  "certificates",
  "Certificates of a server do not suit its TLS mode",
  "Name one source of certificates, with a CA for mutual modes, and none for ISTIO_MUTUAL",
)
export const doubtful = rule({
  code: "gateway.setting_doubtful",
  aliases: ["IST0133"],
  level: "warning",
  title: "A setting of a Gateway is accepted but does not do what it seems to",
  effect: "Istio accepts the object with a warning, and leaves the setting out",
  remedy: "Remove the setting, or change what it contradicts",
  source,
})

export const rules: readonly Rule[] = [name, servers, hosts, port, bind, tls, certificates, doubtful]
