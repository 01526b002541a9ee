/** Asking the agent of an environment, from another process of the same user. */
import { request, type IncomingMessage } from 'node:http'
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'
import type { AgentCaller } from '../../model/agent.js'
import type { AgentFolder } from './agent-folder.js'

const answerWithinMs = 10_000

export function agentCaller({ socket }: AgentFolder): AgentCaller {
  return {
    async call(path, body) {
      const answer = await ask(socket, path, body ?? null, answerWithinMs)
      if (answer === null) return null
      let whole = ''
      for await (const chunk of answer) whole += String(chunk)
      if (answer.statusCode === 200) return JSON.parse(whole) as unknown
      throw new DeployError('IO_FAILED', `the agent answered ${answer.statusCode}: ${whole.trim()}`)
    },
    async follow(path, onEvent, signal) {
      const answer = await ask(socket, path, null, 0)
      if (answer === null) return false
      const stop = (): void => void answer.destroy()
      signal.addEventListener('abort', stop)
      try {
        await readEvents(answer, onEvent)
      } catch (error) {
        if (!signal.aborted && systemCodeOf(error) !== 'ECONNRESET') throw error
      } finally {
        signal.removeEventListener('abort', stop)
      }
      return true
    },
  }
}

/** Null when nobody listens. */
function ask(
  socketPath: string,
  path: string,
  body: object | null,
  timeout: number,
): Promise<IncomingMessage | null> {
  return new Promise((resolve, reject) => {
    const method = body === null ? 'GET' : 'POST'
    const asked = request({ socketPath, path, method, timeout, agent: false }, resolve)
    asked.once('timeout', () => asked.destroy(new Error('it gave no answer')))
    asked.once('error', (error) => {
      const code = systemCodeOf(error)
      if (code === 'ENOENT' || code === 'ECONNREFUSED') return resolve(null)
      const hint = code === 'EACCES' ? { hint: 'run it as the user the agent runs as' } : {}
      reject(
        new DeployError('IO_FAILED', `the agent cannot be asked: ${error.message}`, {
          ...hint,
          cause: error,
        }),
      )
    })
    asked.end(body === null ? undefined : JSON.stringify(body))
  })
}

async function readEvents(
  answer: IncomingMessage,
  onEvent: (event: string, data: unknown) => void,
): Promise<void> {
  let rest = ''
  for await (const chunk of answer.setEncoding('utf8')) {
    const blocks = (rest + String(chunk)).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1]
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (event !== undefined && data !== undefined) onEvent(event, JSON.parse(data))
    }
  }
}
