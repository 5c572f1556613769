<?xml version="1.0" encoding="UTF-8"?>
<!--
  A skeleton: makes our XML (deploy/event.xsd) of another program's (any-xml.xml). Use it in Opter, as the export's XSLT,
  or on our side (`publish file.xml` with the option for a stylesheet). Replace what stands in select and match by
  the names in YOUR file; leave the names of the elements as they are. An empty element says nothing, so that one for
  a value that is sometimes missing needs no condition.

  Amounts: a point before the decimals, no thousands. Use translate(x, ',', '.') where your file has commas.
  Dates: 2026-11-20. For 20-11-2026: concat(substring(x,7,4), '-', substring(x,4,2), '-', substring(x,1,2)).
  Credit notes: every amount negative. Where your file has them positive, write a minus: -number(x), with format-number.
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns="urn:opter-economic:invoice-period:1">
  <xsl:output method="xml" encoding="UTF-8" indent="yes"/>

  <xsl:template match="/InvoiceExport">
    <invoicePeriod>
      <!-- The entry of the exports file. May be left out where there is only one. -->
      <export>main</export>
      <period>
        <id><xsl:value-of select="Batch/@Id"/></id>
        <name><xsl:value-of select="Batch/@Name"/></name>
        <!-- With its offset: 2026-11-20T15:04:02Z or 2026-11-20T16:04:02+01:00. -->
        <closedAt><xsl:value-of select="Batch/@Closed"/></closedAt>
      </period>
      <!-- Better the number that Opter states than one that is counted here. -->
      <invoiceCount><xsl:value-of select="count(Document)"/></invoiceCount>
      <invoices><xsl:apply-templates select="Document"/></invoices>
    </invoicePeriod>
  </xsl:template>

  <xsl:template match="Document">
    <invoice>
      <invoiceNumber><xsl:value-of select="@No"/></invoiceNumber>
      <!-- invoice, correction, interest, manual or commission-discount. -->
      <invoiceType>
        <xsl:choose><xsl:when test="@Kind = 'CRE'">correction</xsl:when><xsl:otherwise>invoice</xsl:otherwise></xsl:choose>
      </invoiceType>
      <creditsInvoiceNumber><xsl:value-of select="@Credits"/></creditsInvoiceNumber>
      <invoiceDate><xsl:value-of select="@Date"/></invoiceDate>
      <dueDate><xsl:value-of select="@Due"/></dueDate>
      <paymentCondition>
        <name><xsl:value-of select="@Terms"/></name>
        <days><xsl:value-of select="@Days"/></days>
      </paymentCondition>
      <currency><xsl:value-of select="@Cur"/></currency>
      <net><xsl:value-of select="Sum/@Net"/></net>
      <vat><xsl:value-of select="Sum/@Vat"/></vat>
      <gross><xsl:value-of select="Sum/@Total"/></gross>
      <customer>
        <code><xsl:value-of select="Debtor/@Code"/></code>
        <ledgerNumber><xsl:value-of select="Debtor/@LedgerNo"/></ledgerNumber>
        <name><xsl:value-of select="Debtor/@Name"/></name>
        <corporateId><xsl:value-of select="Debtor/@Cvr"/></corporateId>
        <address><xsl:value-of select="Debtor/@Street"/></address>
        <zip><xsl:value-of select="Debtor/@Zip"/></zip>
        <city><xsl:value-of select="Debtor/@City"/></city>
        <country><xsl:value-of select="Debtor/@Country"/></country>
      </customer>
      <lines><xsl:apply-templates select="Row"/></lines>
    </invoice>
  </xsl:template>

  <xsl:template match="Row">
    <line>
      <lineNumber><xsl:value-of select="position()"/></lineNumber>
      <salesAccount><xsl:value-of select="@Account"/></salesAccount>
      <vatCode><xsl:value-of select="@Vat"/></vatCode>
      <vatRate><xsl:value-of select="@Pct"/></vatRate>
      <net><xsl:value-of select="@Net"/></net>
      <vat><xsl:value-of select="@VatAmount"/></vat>
      <text><xsl:value-of select="normalize-space(.)"/></text>
    </line>
  </xsl:template>
</xsl:stylesheet>
