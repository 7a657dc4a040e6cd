/**
 * BudgetLedger: the account book of one Budget, subject and window, written by the operator alone.
 */
@NullMarked
package dev.tollgate.crds.ledger;

import org.jspecify.annotations.NullMarked;
