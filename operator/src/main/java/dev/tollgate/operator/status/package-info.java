/** What an object's status says: pure functions of verdict, fleet and ledger. */
@NullMarked
package dev.tollgate.operator.status;

import org.jspecify.annotations.NullMarked;
