/** A pause of the agent, in a file of its own: it outlives the agent, and can be set while none runs. */
import type { AgentMemory, Pause } from '../../model/agent.js'

const fileName = 'pause.json'

export async function readPause(memory: AgentMemory): Promise<Pause | null> {
  const text = await memory.read(fileName)
  return text === null ? null : (JSON.parse(text) as Pause | null) // we wrote it
}

export function writePause(memory: AgentMemory, pause: Pause | null): Promise<void> {
  return memory.write(fileName, JSON.stringify(pause))
}
