package dev.resumablews.internal.log;

import java.time.Duration;

/**
 * Bounds of the event log.
 *
 * @param lanes how many batches are written at the same time
 * @param queueCapacity events that may wait in each lane
 * @param queueCharacters length of the payloads that may wait in each lane, in UTF-16
 * units
 * @param maxBatch events in a batch
 * @param commitInterval shortest time between the beginnings of two batches of a lane
 * @param appendTimeout how long an event may wait to be stored
 * @param statementTimeout how long Postgres may take to answer
 * @param maxEventBytes size of the largest payload, in bytes of UTF-8
 * @param maxPageBytes bytes of payloads after which a page read from the log ends
 */
public record LogSettings(int lanes, int queueCapacity, long queueCharacters, int maxBatch, Duration commitInterval,
		Duration appendTimeout, Duration statementTimeout, long maxEventBytes, long maxPageBytes) {

}
