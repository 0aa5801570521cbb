// For loaders and actions.
import { redirect } from 'react-router'
import { postkey } from './postkey.server.js'

export async function requireUser(request) {
  const { live, goTo } = await (await postkey()).requireUser(request)
  if (!live) throw redirect(goTo, 303)
  return live.user
}

export async function requireRecentProof(request) {
  const { live, goTo } = await (await postkey()).requireRecentProof(request, '10m')
  if (!live) throw redirect(goTo, 303)
  return live.user
}
