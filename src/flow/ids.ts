// What the web side needs of secrets: to mint an id for a request, and to tell a well-formed value from noise.
export { ID_SHAPE, mintId, mintSecret, SECRET_SHAPE } from '../secret.ts'
