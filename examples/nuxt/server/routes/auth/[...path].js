import { postkey } from '../../utils/postkey.js'

export default fromNodeMiddleware(async (request, response) => {
  await (await postkey()).listener(request, response)
})
