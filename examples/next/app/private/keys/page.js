import { requireRecentProof } from '../../../lib/auth.js'

export default async function Keys() {
  const user = await requireRecentProof('/private/keys')
  return <p>Keys of {user.email}</p>
}
