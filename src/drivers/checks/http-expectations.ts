/** What an HTTP answer has to be like, and in which words it is not. Pure, so that every case is a line in a test. */
import { DeployError } from '../../base/deploy-error.js'
import type { HttpAnswer } from './http-exchange.js'
import { excerpt } from './answer.js'
import { patternOf } from './pattern.js'

export const statusPattern = '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$'
export type WrittenStatus = number | string | readonly (number | string)[]

export interface WrittenExpectations {
  readonly status?: WrittenStatus
  readonly expectHeaders?: { readonly [name: string]: string }
  readonly contains?: string
  readonly matches?: string
}

export interface Expectations {
  /** Whether the answer can only be judged with its body, or is bad already and the body may say why. */
  wantsBody(status: number, headers: HttpAnswer['headers']): boolean
  /** What is wrong, to follow "GET http://…": `answered 500 "db: connection refused"`. Null when all is well. */
  problemOf(answer: HttpAnswer): string | null
}

export function expectationsOf(written: WrittenExpectations, defaultStatus: string): Expectations {
  const statuses = [written.status ?? defaultStatus].flat()
  const ranges = statuses.map(rangeOf)
  const pattern = written.matches === undefined ? null : patternOf('matches', written.matches, 'm')
  const { contains } = written

  const wrongStatus = (status: number) => !ranges.some(([low, high]) => status >= low && status <= high)
  const wrongHeader = (headers: HttpAnswer['headers']) =>
    Object.entries(written.expectHeaders ?? {}).find(
      ([name, value]) => !isLike(headers[name.toLowerCase()], value),
    )
  return {
    wantsBody: (status, headers) =>
      contains !== undefined || pattern !== null || wrongStatus(status) || wrongHeader(headers) !== undefined,
    problemOf(answer) {
      const { status, headers, body } = answer
      if (wrongStatus(status)) {
        const wanted = written.status === undefined ? '' : `, not ${statuses.join(', ')}`
        return `answered ${status}${wanted}${quoted(body)}${whereTo(answer)}`
      }
      const header = wrongHeader(headers)
      if (header !== undefined) return `answered ${status}, ${headerProblem(header, headers)}`
      if (contains !== undefined && !body.includes(contains)) {
        return `answered ${status}, but ${partOf(answer)} lacks the text "${excerpt(contains, 60)}"${said(body)}`
      }
      if (pattern !== null && !pattern.test(body)) {
        return `answered ${status}, but ${partOf(answer)} does not match /${pattern.source}/${said(body)}`
      }
      return null
    },
  }
}

function rangeOf(written: number | string): readonly [number, number] {
  const [low = Number.NaN, high = low] = String(written).split('-').map(Number)
  if (low >= 100 && high <= 599 && low <= high) return [low, high]
  throw new DeployError('CONFIG_INVALID', `"${written}" is no HTTP status and no range of them.`, {
    hint: 'Write 204, or 200-299 with the lower number first.',
  })
}

/** Equal, where `*` in the expectation stands for any text: `application/json*`. */
function isLike(value: string | undefined, wanted: string): boolean {
  if (value === undefined) return false
  const [first = '', ...rest] = wanted.split('*')
  const last = rest.pop()
  if (last === undefined) return value === wanted
  if (!value.startsWith(first)) return false
  let from = first.length
  for (const part of rest) {
    const at = value.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return value.length - last.length >= from && value.endsWith(last)
}

function headerProblem([name, wanted]: readonly [string, string], headers: HttpAnswer['headers']): string {
  const value = headers[name.toLowerCase()]
  if (value === undefined) return `but without the header ${name} ("${wanted}" is wanted)`
  return `but its header ${name} is "${excerpt(value, 80)}", not "${wanted}"`
}

/** The beginning of a body, as people can read it: an error page in HTML loses its tags. */
function gist(body: string): string {
  const text = body.trimStart().startsWith('<')
    ? body.replaceAll(/<(script|style)\b.*?<\/\1>/gis, ' ').replaceAll(/<[^>]*>/g, ' ')
    : body
  return excerpt(text)
}

function quoted(body: string): string {
  const text = gist(body)
  return text === '' ? '' : ` "${text}"`
}

function said(body: string): string {
  return body === '' ? ' (it is empty)' : `: "${gist(body)}"`
}

function partOf(answer: HttpAnswer): string {
  return answer.cut ? 'the first 64 KiB of its body' : 'its body'
}

/** A redirect's address, without its query, which may hold tokens. */
function whereTo({ status, headers }: HttpAnswer): string {
  const location = headers['location']
  if (status < 300 || status > 399 || location === undefined) return ''
  return ` to ${excerpt(location.split(/[?#]/)[0] ?? '', 120)}`
}
