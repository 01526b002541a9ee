import { afterAll, beforeAll } from 'vitest'
import { processDriver } from '../../../src/drivers/targets/process.js'
import { targetContract } from '../../contract/target.contract.js'
import { goodApp, holderProgram, processBench } from '../../support/process-bench.js'
import { activeOf } from '../../support/shares.js'

let program: Awaited<ReturnType<typeof holderProgram>>
beforeAll(async () => {
  program = await holderProgram()
})
afterAll(() => program.remove())

targetContract(processDriver, async () => {
  const bench = await processBench(program.command)
  const context = bench.context()
  return {
    target: bench.target(),
    releases: [
      await bench.release('1.0.0', goodApp('1.0.0')),
      await bench.release('1.0.1', goodApp('1.0.1')),
      await bench.release('1.1.0', goodApp('1.1.0')),
    ],
    context,
    async look() {
      const { serving, running } = await bench.target().inspect(activeOf(null), context.signal)
      return { world: await bench.world(), serving, running }
    },
    end: () => bench.end(),
  }
})
