import { redirect } from "@sveltejs/kit"

export const load = ({ url }: { url: URL }): never => redirect(307, `/overview${url.search}`)
