package io.nbd4j.client.contract;

class ChannelConnectionIT extends ConnectionContract {
    ChannelConnectionIT() {
        super(new ChannelSetting());
    }
}
