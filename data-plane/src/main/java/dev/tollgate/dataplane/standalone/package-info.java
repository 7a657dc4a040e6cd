/** A gateway with no control plane: a folder of YAML, the same compiler, the ledger in process. */
@NullMarked
package dev.tollgate.dataplane.standalone;

import org.jspecify.annotations.NullMarked;
