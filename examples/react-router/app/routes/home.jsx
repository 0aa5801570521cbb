import { postkey } from '../postkey.server.js'

export async function loader({ request }) {
  const { live } = await (await postkey()).getSession(request)
  return { email: live?.user.email ?? null }
}

export default function Home({ loaderData }) {
  if (!loaderData.email) return <a href="/private">Nobody is signed in.</a>
  return (
    <form method="post" action="/auth/sign-out">
      <p>Hello {loaderData.email}</p>
      <button type="submit">Sign out</button>
    </form>
  )
}
