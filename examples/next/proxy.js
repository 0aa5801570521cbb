// Sends people to sign in and back to the very page they wanted. Pages ask again: a matcher is easily forgotten.
import { NextResponse } from 'next/server'
import { postkey } from './lib/postkey.js'

export async function proxy(request) {
  const { live, goTo } = await (await postkey()).requireUser(request)
  return live ? NextResponse.next() : NextResponse.redirect(goTo, 303)
}

export const config = { matcher: '/private/:path*' }
