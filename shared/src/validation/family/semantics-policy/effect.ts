/** What a wrong object leads to where nothing more particular can be said. Source: istio pkg/config/validation, run by the webhook of istiod. */
export const refused =
  "Istio's webhook refuses the object; where the webhook is off, proxies get what istiod makes of it, or nothing"
