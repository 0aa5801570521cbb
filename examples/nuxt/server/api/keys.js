import { postkey } from '../utils/postkey.js'

export default defineEventHandler(async (event) => {
  const { live, goTo } = await (await postkey()).requireRecentProof(event.headers, '10m', '/private/keys')
  return live ? { of: live.user.email } : { goTo }
})
