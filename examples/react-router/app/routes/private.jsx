import { requireUser } from '../require.server.js'

export async function loader({ request }) {
  const { email } = await requireUser(request)
  return { email }
}

export default function Private({ loaderData }) {
  return <p>For {loaderData.email} only</p>
}
