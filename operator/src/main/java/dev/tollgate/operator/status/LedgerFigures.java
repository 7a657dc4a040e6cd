package dev.tollgate.operator.status;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the ledger says, at one moment.
 *
 * @param unreadable accounts that are kept and cannot be read
 * @param frozen accounts of which the store has, or may have, forgotten something
 * @param refused micro-dollars of an account: the most that a request needed that was refused
 * @param paces micro-dollars that were spent in a day of late, of Lifetime accounts that were
 *     watched for long enough
 */
public record LedgerFigures(
        List<Account> accounts,
        List<AccountStore.Damaged> unreadable,
        Set<AccountKey> frozen,
        Map<AccountKey, Long> refused,
        Map<AccountKey, Long> paces) {

    public static final LedgerFigures NONE =
            new LedgerFigures(List.of(), List.of(), Set.of(), Map.of(), Map.of());

    public LedgerFigures {
        accounts = List.copyOf(accounts);
        unreadable = List.copyOf(unreadable);
        frozen = Set.copyOf(frozen);
        refused = Map.copyOf(refused);
        paces = Map.copyOf(paces);
    }
}
