/** The newest lines of an agent's log, in a file of its own: they can be read while none runs, also after a kill. */
import type { AgentMemory, LogLine } from '../../model/agent.js'

const fileName = 'log.jsonl'

export async function readLastLog(memory: AgentMemory): Promise<readonly LogLine[]> {
  const text = (await memory.read(fileName)) ?? ''
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine) // we wrote it
}

/** Writes when there is something new; a disk that is full must not keep the agent from its work. */
export function logKeeper(memory: AgentMemory, lines: () => readonly LogLine[]): () => Promise<void> {
  let last: LogLine | undefined
  return async () => {
    const all = lines()
    if (all.at(-1) === last) return
    last = all.at(-1)
    const text = all.map((line) => `${JSON.stringify(line)}\n`).join('')
    await memory.write(fileName, text).catch(() => undefined)
  }
}
