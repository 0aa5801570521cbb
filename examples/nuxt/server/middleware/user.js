import { postkey } from '../utils/postkey.js'

export default defineEventHandler(async (event) => {
  const { live } = await (await postkey()).getSession(event.headers)
  event.context.user = live?.user ?? null
})
