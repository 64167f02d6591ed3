/** One page application: everything it shows comes from the API, so that nothing is rendered ahead. */
export const ssr = false
export const prerender = false
