import { requireRecentProof } from '../require.server.js'

export async function loader({ request }) {
  const { email } = await requireRecentProof(request)
  return { email }
}

export default function Keys({ loaderData }) {
  return <p>Keys of {loaderData.email}</p>
}
