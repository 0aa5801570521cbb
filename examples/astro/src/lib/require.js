// For pages and endpoints: `const found = await requireUser(Astro); if (found instanceof Response) return found`.
import { postkey } from './postkey.js'

export async function requireUser({ request, redirect }) {
  const { live, goTo } = await (await postkey()).requireUser(request)
  return live ? live.user : redirect(goTo, 303)
}

export async function requireRecentProof({ request, redirect }) {
  const { live, goTo } = await (await postkey()).requireRecentProof(request, '10m')
  return live ? live.user : redirect(goTo, 303)
}
