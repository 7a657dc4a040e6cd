package dev.tollgate.dataplane.budget;

import dev.tollgate.dataplane.budget.GateCounters.Message;
import dev.tollgate.policy.budget.LedgerCommand;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/** How many messages this process has sent to the ledger, by what they say. Any thread. */
final class LedgerTraffic {

    private final AtomicLongArray sent = new AtomicLongArray(Message.values().length);

    void count(LedgerCommand command) {
        var message =
                switch (command) {
                    case LedgerCommand.Register _ -> Message.REGISTER;
                    case LedgerCommand.Acquire _ -> Message.ACQUIRE;
                    case LedgerCommand.Report _ -> Message.REPORT;
                    case LedgerCommand.Close _ -> Message.CLOSE;
                };
        sent.incrementAndGet(message.ordinal());
    }

    Map<Message, Long> sums() {
        var sums = new EnumMap<Message, Long>(Message.class);
        for (var message : Message.values()) {
            sums.put(message, sent.get(message.ordinal()));
        }
        return sums;
    }
}
