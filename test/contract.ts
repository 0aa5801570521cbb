// Every answer of the JSON API that a story gets, held against the contract that is published.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { openapi } from '../src/http/contract.ts'

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Response>> }>>>>
}
interface Response {
  readonly content?: Readonly<Record<string, object>>
}

export const document = openapi(
  { url: 'https://auth.example.com', version: '0.0.0' },
  { browser: '__Host-postkey-browser', session: '__Host-postkey-session' },
) as Document

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
addFormats.default(ajv)
ajv.addVocabulary(['openapi', 'info', 'servers', 'paths', 'components'])
ajv.addSchema(document, 'contract')
const validators = new Map<string, ValidateFunction>()

/** What is wrong with an answer; null: nothing, or the contract is not about it. */
export function breachOf(method: string, path: string, answer: { status: number; type: string | null; text: string }): string | null {
  const route = routeOf(path)
  if (route === null) return path.includes('/api/') && answer.status !== 404 ? `${path} is in no contract` : null
  const name = method.toLowerCase() === 'head' ? 'get' : method.toLowerCase()
  const operation = document.paths[route]?.[name]
  // Another method: 405, which belongs to no operation.
  if (operation === undefined) return answer.status === 405 ? null : `${method} ${route} is in no contract, and answered ${answer.status}`
  const said = `${method} ${route} answered ${answer.status}`
  const response = operation.responses[answer.status]
  if (response === undefined) return `${said}, which the contract does not know`
  const type = answer.type?.split(';', 1)[0] ?? ''
  if (response.content === undefined) return answer.text === '' ? null : `${said} with a body, which should have none`
  if (method === 'HEAD') return null
  if (response.content[type] === undefined)
    return `${said} as "${type}", and the contract says ${Object.keys(response.content).join(' or ')}`
  const pointer = ['paths', route, name, 'responses', String(answer.status), 'content', type, 'schema'].map(escaped).join('/')
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `contract#/${pointer}` })
  validators.set(pointer, validate)
  return validate(JSON.parse(answer.text)) ? null : `${said}: ${ajv.errorsText(validate.errors, { dataVar: 'answer' })}\n${answer.text}`
}

/** Behind any base path. */
function routeOf(path: string): string | null {
  const parts = (path.split('?', 1)[0] ?? '').replace(/^.*(?=\/api\/)/, '').split('/')
  const fits = (route: string): boolean => {
    const wanted = route.split('/')
    return wanted.length === parts.length && wanted.every((part, at) => part.startsWith('{') || part === parts[at])
  }
  const routes = Object.keys(document.paths)
  return routes.find((route) => route === parts.join('/')) ?? routes.find(fits) ?? null
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
