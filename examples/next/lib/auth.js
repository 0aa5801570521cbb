// For server components and server actions. Headers first: they tell `next build` that a page is not to be made in advance.
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { postkey } from './postkey.js'

export async function auth() {
  const given = await headers()
  return (await (await postkey()).getSession(given)).live
}

export async function requireUser(returnTo) {
  const given = await headers()
  const { live, goTo } = await (await postkey()).requireUser(given, returnTo)
  return live ? live.user : redirect(goTo)
}

export async function requireRecentProof(returnTo) {
  const given = await headers()
  const { live, goTo } = await (await postkey()).requireRecentProof(given, '10m', returnTo)
  return live ? live.user : redirect(goTo)
}
