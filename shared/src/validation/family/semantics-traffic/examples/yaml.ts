/** Short ways to write objects for examples. */

const object = (kind: string, spec: string, name = "shop"): string =>
  `apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec:
${spec
  .trim()
  .split("\n")
  .map((line) => `  ${line}`)
  .join("\n")}
`

export const virtualService = (spec: string): string =>
  object("VirtualService", `hosts: [shop.example.com]\n${spec.trim()}`)

/** A VirtualService with one http route to `shop`, and more of that route. */
export const http = (route: string): string =>
  virtualService(
    `http:\n- route: [{destination: {host: shop}}]\n${route
      .trim()
      .split("\n")
      .map((line) => `  ${line}`)
      .join("\n")}`,
  )

export const bare = (kind: string, spec: string): string => object(kind, spec)

/** A Gateway with one server, whose fields are given in flow form. */
export const server = (fields: string): string =>
  object("Gateway", `selector: {istio: ingressgateway}\nservers:\n- {${fields}}`)

export const serviceEntry = (spec: string): string => object("ServiceEntry", spec)
