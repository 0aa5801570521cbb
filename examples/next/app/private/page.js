import { requireUser } from '../../lib/auth.js'

export default async function Private() {
  const user = await requireUser('/private')
  return <p>For {user.email} only</p>
}
