import type { Example } from "../../../check.ts"
import { bare, serviceEntry } from "./yaml.ts"

const web = "ports: [{number: 443, name: https, protocol: TLS}]"

/** One for each rule of ServiceEntries, and of what they select. */
export const serviceEntryExamples: readonly Example[] = [
  {
    code: "serviceentry.hosts_invalid",
    fires: serviceEntry(`hosts: ['*']\n${web}`),
    silent: serviceEntry(`hosts: ['*.example.com']\n${web}`),
  },
  {
    code: "serviceentry.addresses_invalid",
    fires: serviceEntry(`hosts: [a.example.com]\naddresses: [10.0.0.0/33]\n${web}`),
    silent: serviceEntry(`hosts: [a.example.com]\naddresses: [10.0.0.0/24]\n${web}`),
  },
  {
    code: "serviceentry.ports_invalid",
    fires: serviceEntry(
      "hosts: [a.example.com]\nports: [{number: 80, name: web, protocol: HTTP}, {number: 81, name: web, protocol: HTTP}]",
    ),
    silent: serviceEntry(
      "hosts: [a.example.com]\nports: [{number: 80, name: web, protocol: HTTP}, {number: 81, name: web2, protocol: HTTP}]",
    ),
  },
  {
    code: "serviceentry.selector_invalid",
    fires: serviceEntry(
      `hosts: [a.example.com]\nresolution: STATIC\nworkloadSelector: {labels: {app: 'a*'}}\n${web}`,
    ),
    silent: serviceEntry(
      `hosts: [a.example.com]\nresolution: STATIC\nworkloadSelector: {labels: {app: a}}\n${web}`,
    ),
  },
  {
    code: "serviceentry.endpoints_invalid",
    fires: serviceEntry(
      `hosts: [a.example.com]\nresolution: STATIC\nendpoints: [{address: b.example.com}]\n${web}`,
    ),
    silent: serviceEntry(
      `hosts: [a.example.com]\nresolution: DNS\nendpoints: [{address: b.example.com}]\n${web}`,
    ),
  },
  {
    code: "serviceentry.resolution_invalid",
    fires: serviceEntry(`hosts: ['*.example.com']\nresolution: DNS\n${web}`),
    silent: serviceEntry(`hosts: ['*.example.com']\nresolution: DYNAMIC_DNS\n${web}`),
  },
  {
    code: "serviceentry.export_invalid",
    fires: serviceEntry(`hosts: [a.example.com]\nexportTo: ['~', shop]\n${web}`),
    silent: serviceEntry(`hosts: [a.example.com]\nexportTo: ['~']\n${web}`),
  },
  {
    code: "serviceentry.setting_doubtful",
    fires: serviceEntry(`hosts: ['*a.example.com']\n${web}`),
    silent: serviceEntry(`hosts: ['*.a.example.com']\n${web}`),
  },
  {
    code: "workloadentry.address_invalid",
    fires: bare("WorkloadEntry", "address: vm.example.com:8080"),
    silent: bare("WorkloadEntry", "address: vm.example.com"),
  },
  {
    code: "workloadentry.ports_invalid",
    fires: bare("WorkloadEntry", "address: 10.1.2.3\nports: {http_main: 8080}"),
    silent: bare("WorkloadEntry", "address: 10.1.2.3\nports: {http-main: 8080}"),
  },
  {
    code: "workloadentry.labels_invalid",
    fires: bare("WorkloadEntry", "address: 10.1.2.3\nlabels: {app: shop~1}"),
    silent: bare("WorkloadEntry", "address: 10.1.2.3\nlabels: {example.com/app: shop-1}"),
  },
  {
    code: "workloadentry.address_missing",
    fires: bare("WorkloadEntry", "network: vms"),
    silent: bare("WorkloadEntry", "network: vms\naddress: 10.1.2.3"),
  },
  {
    code: "workloadgroup.template_missing",
    fires: bare("WorkloadGroup", "metadata: {labels: {app: shop}}"),
    silent: bare("WorkloadGroup", "metadata: {labels: {app: shop}}\ntemplate: {serviceAccount: shop}"),
  },
  {
    code: "workloadgroup.labels_invalid",
    fires: bare("WorkloadGroup", "metadata: {labels: {app: -shop}}\ntemplate: {serviceAccount: shop}"),
    silent: bare("WorkloadGroup", "metadata: {labels: {app: shop}}\ntemplate: {serviceAccount: shop}"),
  },
  {
    code: "workloadgroup.probe_invalid",
    fires: bare(
      "WorkloadGroup",
      "template: {serviceAccount: shop}\nprobe: {httpGet: {port: 80, scheme: http}}",
    ),
    silent: bare(
      "WorkloadGroup",
      "template: {serviceAccount: shop}\nprobe: {httpGet: {port: 80, scheme: HTTP}}",
    ),
  },
  {
    code: "object.annotation_refused",
    fires: serviceEntry(`hosts: [a.example.com]\n${web}`).replace(
      "namespace: shop",
      "namespace: shop, annotations: {istio.io/dry-run: 'true'}",
    ),
    silent: serviceEntry(`hosts: [a.example.com]\n${web}`).replace(
      "namespace: shop",
      "namespace: shop, annotations: {istio.io/rev: canary}",
    ),
  },
]
