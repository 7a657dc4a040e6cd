/** The ledger: how a fleet of proxies stays inside a money limit, as pure state transitions. */
@NullMarked
package dev.tollgate.policy.budget;

import org.jspecify.annotations.NullMarked;
