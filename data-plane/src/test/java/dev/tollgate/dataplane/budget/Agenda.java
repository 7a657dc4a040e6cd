package dev.tollgate.dataplane.budget;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/** What will happen in a simulation, in the order of its times; and its clock. One thread. */
final class Agenda {

    /** One start of a process: what it has to do is done while it is alive and not stopped. */
    static final class Life {
        private final List<Runnable> deferred = new ArrayList<>();
        private boolean alive = true;
        private boolean stopped;

        boolean alive() {
            return alive;
        }

        boolean stopped() {
            return stopped;
        }

        void end() {
            alive = false;
        }
    }

    /** Ends the task of a process that is killed in the middle of it. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;

        Killed() {
            super("killed", null, false, false);
        }
    }

    private record Event(long at, long number, Life life, Runnable task)
            implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            var order = Long.compare(at, other.at);
            return order != 0 ? order : Long.compare(number, other.number);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long now;
    private long number;

    long now() {
        return now;
    }

    /** Of nobody's process. */
    void at(long time, Runnable task) {
        events.add(new Event(Math.max(now, time), number++, null, task));
    }

    void at(long time, Life life, Runnable task) {
        events.add(new Event(Math.max(now, time), number++, life, task));
    }

    void stop(Life life) {
        life.stopped = true;
    }

    /** Everything that was due meanwhile is due now. */
    void resume(Life life) {
        life.stopped = false;
        var due = List.copyOf(life.deferred);
        life.deferred.clear();
        due.forEach(task -> at(now, life, task));
    }

    void runUntil(long time) {
        while (!events.isEmpty() && events.peek().at() <= time) {
            var event = events.remove();
            now = Math.max(now, event.at());
            var life = event.life();
            if (life == null) {
                event.task().run();
            } else if (life.alive && life.stopped) {
                life.deferred.add(event.task());
            } else if (life.alive) {
                try {
                    event.task().run();
                } catch (Killed killed) {
                    life.alive = false;
                }
            }
        }
        now = Math.max(now, time);
    }
}
