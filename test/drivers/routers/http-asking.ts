/** Requests to a router, one by one, with what came of each. */
import { request, type Agent } from 'node:http'

export interface Answer {
  readonly status: number
  readonly text: string
  readonly cookie: string | null
}

/** Rejects when the connection was reset or refused: a request that is lost. */
export function getFrom(
  port: number,
  path = '/',
  { agent, cookie }: { readonly agent?: Agent; readonly cookie?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = cookie === undefined ? {} : { cookie }
    const asked = request({ host: '127.0.0.1', port, path, agent: agent ?? false, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('error', reject)
      response.on('end', () => {
        const [set = null] = response.headers['set-cookie'] ?? []
        resolve({ status: response.statusCode ?? 0, text, cookie: set?.split(';')[0] ?? null })
      })
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** How often each end answered; a status other than 200 counts under its number. */
export async function tally(port: number, count: number, agent?: Agent): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let turn = 0; turn < count; turn++) {
    const { status, text } = await getFrom(port, '/', agent === undefined ? {} : { agent })
    const who = status === 200 ? text : `${status}`
    counts[who] = (counts[who] ?? 0) + 1
  }
  return counts
}
