package dev.tollgate.dataplane.cache;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Of identical requests that are open at the same time the first one flies, and the others wait for
 * it to land, on whatever event loop they are. Any thread may call it.
 *
 * <pre>
 * join --first--> Flight --land--> all who waited hear how
 *      --later--> Behind --leave--> hears nothing
 *      --too many--> Full
 * </pre>
 */
public final class Flights {

    /** Most that wait for one flight; those beyond go on by themselves. */
    static final int MAX_WAITING = 1_024;

    /** How a flight ended for those that waited. */
    public sealed interface Landing {
        /** There is an answer for all. */
        record Kept(Answer answer) implements Landing {}

        /** There is none that may be given to others: each goes on by itself. */
        record Alone() implements Landing {}

        /** Its client left, which says nothing about the request: one of the others flies. */
        record Again() implements Landing {}
    }

    /** Where a request finds itself. */
    public sealed interface Place {
        /** It flies: {@link Flight#land} must be called, whatever happens. */
        record First(Flight flight) implements Place {}

        /** It waits, and is told once, on whatever thread the flight lands. */
        record Behind(Seat seat) implements Place {}

        /** Too many wait already. */
        record Full() implements Place {}
    }

    /** The place of one that waits. */
    public static final class Seat {
        private final Flight flight;
        private final Consumer<Landing> listener;

        private Seat(Flight flight, Consumer<Landing> listener) {
            this.flight = flight;
            this.listener = listener;
        }

        /** It does not wait any more. */
        public void leave() {
            flight.leave(this);
        }
    }

    /** One request that others may wait for. */
    public static final class Flight {
        private final Flights all;
        private final CacheKey key;
        private final Set<Seat> waiting = new HashSet<>(2);
        private boolean landed;

        private Flight(Flights all, CacheKey key) {
            this.all = all;
            this.key = key;
        }

        /** Tells those that wait; only the first call counts. */
        public void land(Landing landing) {
            List<Seat> told;
            synchronized (this) {
                if (landed) {
                    return;
                }
                landed = true;
                told = new ArrayList<>(waiting);
                waiting.clear();
            }
            all.open.remove(key, this);
            told.forEach(seat -> seat.listener.accept(landing));
        }

        private synchronized void leave(Seat seat) {
            waiting.remove(seat);
        }

        /**
         * @return null: it has just landed
         */
        private synchronized @Nullable Place board(Consumer<Landing> listener) {
            if (landed) {
                return null;
            }
            if (waiting.size() >= MAX_WAITING) {
                return new Place.Full();
            }
            var seat = new Seat(this, listener);
            waiting.add(seat);
            return new Place.Behind(seat);
        }
    }

    private final ConcurrentHashMap<CacheKey, Flight> open = new ConcurrentHashMap<>();

    /**
     * @param listener told of the landing if the place is {@link Place.Behind}; must not throw
     */
    public Place join(CacheKey key, Consumer<Landing> listener) {
        while (true) {
            var mine = new Flight(this, key);
            var earlier = open.putIfAbsent(key, mine);
            if (earlier == null) {
                return new Place.First(mine);
            }
            var place = earlier.board(listener);
            if (place != null) {
                return place;
            }
            open.remove(key, earlier); // it landed and is about to do the same
        }
    }

    /** Requests that others may wait for now. */
    public int open() {
        return open.size();
    }
}
