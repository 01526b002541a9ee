/** What deployctl is to the tests of process targets: only the part of it that becomes a holder. */
import { hold } from '../../src/drivers/targets/process/holder/hold.js'

void hold(process.argv[3] ?? '')
