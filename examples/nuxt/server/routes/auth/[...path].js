import { postkey } from '../../utils/postkey.js'

export default defineEventHandler(async (event) => {
  return (await postkey()).handler(toWebRequest(event), { clientAddress: getRequestIP(event) })
})
