/* SPDX-License-Identifier: MIT */
/* network COMMAND: takes the network down as `kexec-lite -e` does, runs COMMAND, and has it up again
 * as -e does when the running kernel refuses. For tests/cli/network.bats.
 */
#include "src/sys/network.h"

#include <stdlib.h>

int main(int argc, char *argv[])
{
	struct network n;
	int status;

	if (argc != 2)
		return 2;
	network_down(&n);
	status = system(argv[1]);
	network_up(&n);
	network_end(&n);
	return status != 0;
}
