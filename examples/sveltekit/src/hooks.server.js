import { postkey } from '#lib/server/postkey.js'

export async function handle({ event, resolve }) {
  const { live } = await (await postkey()).getSession(event.request)
  event.locals.user = live?.user ?? null
  return resolve(event)
}
