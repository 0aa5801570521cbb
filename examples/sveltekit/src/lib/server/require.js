// For load functions, actions and endpoints.
import { redirect } from '@sveltejs/kit'
import { postkey } from './postkey.js'

export async function requireUser({ request }) {
  const { live, goTo } = await (await postkey()).requireUser(request)
  return live ? live.user : redirect(303, goTo, { external: true })
}

export async function requireRecentProof({ request }) {
  const { live, goTo } = await (await postkey()).requireRecentProof(request, '10m')
  return live ? live.user : redirect(303, goTo, { external: true })
}
