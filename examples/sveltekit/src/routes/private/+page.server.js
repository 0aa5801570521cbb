import { requireUser } from '#lib/server/require.js'

export async function load(event) {
  const { email } = await requireUser(event)
  return { email }
}
