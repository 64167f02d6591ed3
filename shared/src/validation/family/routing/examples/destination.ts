import type { Example } from "../../../check.ts"
import { destinationRule, reviews, together, virtualService } from "./parts.ts"

const to = (destination: string, more = "  hosts: [reviews]"): string =>
  virtualService("reviews", `${more}\n  http:\n  - route:\n    - destination: ${destination}`)

const hidden = (exportTo: string): string => `
apiVersion: v1
kind: Service
metadata:
  name: ledger
  namespace: bank
  annotations: { networking.istio.io/exportTo: "${exportTo}" }
spec:
  ports: [{ name: http, port: 80, protocol: TCP }]
`

const twoPorts = `
apiVersion: v1
kind: Service
metadata: { name: admin, namespace: shop }
spec:
  ports:
  - { name: http, port: 80, protocol: TCP }
  - { name: http-metrics, port: 9090, protocol: TCP }
`

const versions = "{ host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }"

export const destinationExamples: readonly Example[] = [
  {
    code: "virtualservice.host_unknown",
    fires: together(reviews, to("{ host: review }")),
    silent: together(reviews, to("{ host: reviews }")),
  },
  {
    code: "virtualservice.host_without_service",
    fires: together(reviews, to("{ host: reviews }", "  hosts: [review]")),
    silent: together(reviews, to("{ host: reviews }", "  hosts: [reviews.shop.svc.cluster.local]")),
  },
  {
    code: "virtualservice.host_not_exported",
    fires: together(reviews, hidden("bank"), to("{ host: ledger.bank.svc.cluster.local }")),
    silent: together(reviews, hidden("bank,shop"), to("{ host: ledger.bank.svc.cluster.local }")),
  },
  {
    code: "virtualservice.host_hidden_from_client",
    fires: together(
      reviews,
      hidden("shop"),
      to("{ host: ledger.bank.svc.cluster.local }", '  hosts: [reviews]\n  exportTo: [".", search]'),
    ),
    silent: together(
      reviews,
      hidden("shop,search"),
      to("{ host: ledger.bank.svc.cluster.local }", '  hosts: [reviews]\n  exportTo: [".", search]'),
    ),
  },
  {
    code: "virtualservice.port_unknown",
    fires: together(reviews, to("{ host: reviews, port: { number: 8080 } }")),
    silent: together(reviews, to("{ host: reviews, port: { number: 9080 } }")),
  },
  {
    code: "virtualservice.port_required",
    fires: together(reviews, twoPorts, to("{ host: admin }")),
    silent: together(twoPorts, to("{ host: admin }", "  hosts: [admin]")),
    note: "For the very service on the mesh the port of the call is one that it has",
  },
  {
    code: "virtualservice.subset_unknown",
    fires: together(reviews, destinationRule(versions), to("{ host: reviews, subset: v2 }")),
    silent: together(reviews, destinationRule(versions), to("{ host: reviews, subset: v1 }")),
  },
  {
    code: "virtualservice.subset_not_effective",
    fires: together(
      reviews,
      destinationRule(versions),
      destinationRule(
        "{ host: reviews.shop.svc.cluster.local, subsets: [{ name: v2, labels: { version: v2 } }] }",
        "search",
      ),
      to("{ host: reviews, subset: v1 }"),
    ),
    silent: together(
      reviews,
      destinationRule(versions),
      destinationRule(
        "{ host: reviews.shop.svc.cluster.local, subsets: [{ name: v1, labels: { version: v1 } }] }",
        "search",
      ),
      to("{ host: reviews, subset: v1 }"),
    ),
    note: "Clients in search use the DestinationRule of their own namespace",
  },
  {
    code: "virtualservice.lone_weight",
    fires: together(
      reviews,
      virtualService(
        "reviews",
        "  hosts: [reviews]\n  http:\n  - route:\n    - destination: { host: reviews }\n      weight: 50",
      ),
    ),
    silent: together(
      reviews,
      virtualService(
        "reviews",
        "  hosts: [reviews]\n  http:\n  - route:\n    - destination: { host: reviews }\n      weight: 100",
      ),
    ),
  },
  {
    code: "virtualservice.destination_repeated",
    fires: together(
      reviews,
      virtualService(
        "reviews",
        "  hosts: [reviews]\n  http:\n  - route:\n    - { destination: { host: reviews }, weight: 50 }\n    - { destination: { host: reviews.shop.svc.cluster.local }, weight: 50 }",
      ),
    ),
    silent: together(
      reviews,
      destinationRule(versions),
      virtualService(
        "reviews",
        "  hosts: [reviews]\n  http:\n  - route:\n    - { destination: { host: reviews }, weight: 50 }\n    - { destination: { host: reviews, subset: v1 }, weight: 50 }",
      ),
    ),
  },
]
