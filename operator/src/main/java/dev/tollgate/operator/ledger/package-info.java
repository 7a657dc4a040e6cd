/** The ledger service behind {@code Ledger.Stream}, and its accounts as BudgetLedger objects. */
@NullMarked
package dev.tollgate.operator.ledger;

import org.jspecify.annotations.NullMarked;
