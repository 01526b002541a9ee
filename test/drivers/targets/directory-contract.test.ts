import { directoryDriver } from '../../../src/drivers/targets/directory.js'
import { targetContract } from '../../contract/target.contract.js'
import { directoryBench, worldOfTarget } from '../../support/directory-bench.js'

const options = { shared: ['.env', 'log/', 'data/uploads/'] }

targetContract(directoryDriver, async () => {
  const bench = await directoryBench()
  const files = (version: string) => ({
    'index.html': `<h1>${version}</h1>`,
    'bin/run': { mode: 0o755, text: `#!/bin/sh\necho ${version}\n` },
    'data/uploads/first.txt': 'shipped',
    'data/own.txt': version,
    'empty folder': null,
    'log/.keep': '',
    latest: { link: 'bin/run' },
  })
  return {
    target: bench.target(options),
    releases: [
      await bench.release('1.0.0', files('1.0.0'), options),
      await bench.release('1.0.1', files('1.0.1'), options),
      await bench.release('1.1.0', files('1.1.0'), options),
    ],
    context: bench.context(),
    look: () => worldOfTarget(bench),
    end: () => bench.end(),
  }
})
