/** Spends leases of budgets on the request path, and talks to the ledger behind it. */
@NullMarked
package dev.tollgate.dataplane.budget;

import org.jspecify.annotations.NullMarked;
