import type { Example } from "../../../check.ts"
import { bare, server } from "./yaml.ts"

const https = "hosts: [shop.example.com], port: {number: 443, name: https, protocol: HTTPS}"
const plain = "hosts: [shop.example.com], port: {number: 80, name: http, protocol: HTTP}"
const certificate = "tls: {mode: SIMPLE, credentialName: shop}"

/** One for each rule of Istio's Gateways. */
export const gatewayExamples: readonly Example[] = [
  {
    code: "gateway.name_invalid",
    fires: server(plain).replace("name: shop", "name: shop.example"),
    silent: server(plain),
  },
  {
    code: "gateway.servers_invalid",
    fires: bare(
      "Gateway",
      `servers:\n- {${plain}}\n- {hosts: [b.example.com], port: {number: 8080, name: http, protocol: HTTP}}`,
    ),
    silent: bare(
      "Gateway",
      `servers:\n- {${plain}}\n- {hosts: [b.example.com], port: {number: 8080, name: http-b, protocol: HTTP}}`,
    ),
  },
  {
    code: "gateway.hosts_invalid",
    fires: server(plain.replace("shop.example.com", '"shop/*shop.example.com"')),
    silent: server(plain.replace("shop.example.com", '"shop/*.shop.example.com"')),
  },
  {
    code: "gateway.port_invalid",
    fires: server("hosts: ['*'], port: {number: 5432, name: db, protocol: POSTGRES}"),
    silent: server("hosts: ['*'], port: {number: 5432, name: db, protocol: TCP}"),
  },
  {
    code: "gateway.bind_invalid",
    fires: server(`bind: localhost, ${plain}`),
    silent: server(`bind: 127.0.0.1, ${plain}`),
  },
  {
    code: "gateway.tls_invalid",
    fires: server(https),
    silent: server(`${https}, ${certificate}`),
  },
  {
    code: "gateway.certificates_invalid",
    fires: server(`${https}, tls: {mode: ISTIO_MUTUAL, credentialName: shop}`),
    silent: server(`${https}, tls: {mode: ISTIO_MUTUAL}`),
  },
  {
    code: "gateway.setting_doubtful",
    fires: server(`${https}, tls: {mode: SIMPLE, credentialName: shop, cipherSuites: [AES128-SHA, RC4-SHA]}`),
    silent: server(`${https}, tls: {mode: SIMPLE, credentialName: shop, cipherSuites: [AES128-SHA]}`),
  },
]
