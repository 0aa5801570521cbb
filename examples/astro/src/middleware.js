import { postkey } from './lib/postkey.js'

export async function onRequest({ isPrerendered, locals, request }, next) {
  locals.user = isPrerendered ? null : ((await (await postkey()).getSession(request)).live?.user ?? null)
  return next()
}
