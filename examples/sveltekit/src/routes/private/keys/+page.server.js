import { requireRecentProof } from '#lib/server/require.js'

export async function load(event) {
  const { email } = await requireRecentProof(event)
  return { email }
}
