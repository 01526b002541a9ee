/** Ten thousand polls of the built agent, of a server that has nothing new: one conditional request each, and nothing is kept. */
import { expect, test } from 'vitest'
import { idleAgent } from '../support/idle-agent.js'

const MiB = 2 ** 20

test(
  'polls cost one conditional request each, and memory, files and handles stay as they are',
  { timeout: 600_000 },
  async () => {
    const agent = await idleAgent()
    await agent.poll(1000)
    const before = { ...agent.asked, ...(await agent.held()) }
    await agent.poll(9000)
    const after = { ...agent.asked, ...(await agent.held()) }
    expect(after.total - before.total).toBe(9000)
    expect(after.notModified - before.notModified).toBe(9000)
    expect(after.files).toBe(before.files)
    expect(after.handles).toBe(before.handles)
    // a hundred bytes kept of each poll would be seen; what the engine does by itself moves by more than nothing
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(3 * MiB)
    expect(await agent.end()).toBe(0)
  },
)
