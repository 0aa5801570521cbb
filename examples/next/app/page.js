import { auth } from '../lib/auth.js'

export default async function Home() {
  const live = await auth()
  if (!live) return <a href="/private">Nobody is signed in.</a>
  return (
    <form method="post" action="/auth/sign-out">
      <p>Hello {live.user.email}</p>
      <button type="submit">Sign out</button>
    </form>
  )
}
