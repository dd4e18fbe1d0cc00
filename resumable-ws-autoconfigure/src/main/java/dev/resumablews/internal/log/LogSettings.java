package dev.resumablews.internal.log;

import java.time.Duration;

/**
 * Settings of the event log.
 *
 * @param writers number of writers
 * @param queueCapacity maximum number of queued events of each writer
 * @param queueCharacters maximum total length of the queued payloads of each writer, in
 * UTF-16 units
 * @param maxBatch maximum number of events in a batch
 * @param commitInterval maximum time between the starts of two batches by which a writer
 * delays the second one
 * @param appendTimeout time after which a queued event is rejected
 * @param statementTimeout time limit for a response from Postgres
 * @param maxEventBytes maximum payload size, in bytes of UTF-8
 * @param maxPageBytes total payload size in bytes after which a page ends
 */
public record LogSettings(int writers, int queueCapacity, long queueCharacters, int maxBatch, Duration commitInterval,
		Duration appendTimeout, Duration statementTimeout, long maxEventBytes, long maxPageBytes) {

}
