/** The directory target on hosts over SSH keeps the same contract, on a full machine and on one with BusyBox alone. */
import { afterAll, beforeAll } from 'vitest'
import { directoryDriver } from '../../../src/drivers/targets/directory.js'
import { targetContract } from '../../contract/target.contract.js'
import { linkBench, type LinkBench } from '../../support/link-bench.js'
import { describeWith } from '../../support/needs.js'
import { remoteBench } from '../../support/remote-bench.js'
import { startSshHost, type SshHost } from '../../support/ssh-host.js'
import type { HostLink } from '../../../src/model/host.js'

const options = { shared: ['.env', 'log/', 'data/uploads/'] }

for (const kind of ['debian', 'busybox'] as const) {
  describeWith('ssh-hosts', `on a ${kind} host`, () => {
    let host: SshHost
    let links: LinkBench
    let link: HostLink
    beforeAll(async () => {
      host = await startSshHost({ kind })
      links = await linkBench()
      link = await links.link(host.port)
    })
    afterAll(async () => {
      await links.end()
      await host.stop()
    })

    targetContract(directoryDriver, async () => {
      const bench = await remoteBench(host, link)
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
        look: () => bench.look(),
        end: () => bench.end(),
      }
    })
  })
}
